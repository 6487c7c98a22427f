/**
 * Whether an identity runs the service. Who does is said by the environment and by nothing else: what a token claims is
 * not asked.
 */
export function isOperator(identityId: string): boolean {
  const operators = (process.env.OPERATOR_USER_IDS ?? "").split(",").map((id) => id.trim());
  return identityId !== "" && operators.includes(identityId);
}
