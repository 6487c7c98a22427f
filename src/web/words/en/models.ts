/** The models and their prices. */
export const models = {
  model: "Model",
};
