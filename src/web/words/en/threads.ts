/** The list of chats and what can be done with one. */
export const threads = {
  title: "Chats",
  newThread: "New chat",
};
