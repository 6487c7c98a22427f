/** How the service stands, for whoever runs it: numbers and ids, never content. */
export const operator = {
  title: "Operator",
};
