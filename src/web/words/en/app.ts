/** The frame all pages stand in. */
export const app = {
  loading: "Loading",
  tryAgain: "Try again",
  noAnswer: "Noruxa does not answer. Check your connection, or whether the server is running.",
  noSignIn: "This server has no sign-in configured. Please contact its operator.",
  contact: "Contact the operator",
  connectionLost: "The connection is lost. Noruxa reconnects by itself; nothing you sent is gone.",
  notices: "Notices",
  dismiss: "Dismiss",
  cancel: "Cancel",
  keep: "Keep it",
  sidebar: "Chats and pages",
  make: "Make",
  standing: "Your account",
  skipToContent: "Skip to the content",
};
