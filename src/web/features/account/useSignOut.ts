import { useNavigate } from "react-router";
import { newThreadPath } from "../../app/paths.ts";
import { useIdentity } from "./identity.ts";

/** Ends the session. Whoever signs in next on this device should not be led to a chat of somebody else's. */
export function useSignOut(): () => void {
  const navigate = useNavigate();
  const { signOut } = useIdentity();
  return () => {
    void navigate(newThreadPath);
    void signOut();
  };
}
