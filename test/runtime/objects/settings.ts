/** Settings of every store under test. */
export const BUCKET = "media";
export const CREDENTIALS = { accessKeyId: "AKIATEST", secretAccessKey: "a secret of the tests" };
export const ADMIN_KEY = "test|0123";
