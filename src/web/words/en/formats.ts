import { formatsIn } from "../formats.ts";

export const formats = formatsIn("en");
