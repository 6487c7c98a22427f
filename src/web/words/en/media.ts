/** Making pictures and videos, and the library of them. */
export const media = {
  createTitle: "Create",
  libraryTitle: "Library",
};
