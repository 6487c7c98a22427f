/** What is held about a person, and their rights over it. */
export const privacy = {
  title: "Privacy",
};
