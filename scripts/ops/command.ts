import type { Deployment } from "./deployment.ts";

/** The flags of all commands, beside those that say which deployment. */
export interface Flags {
  /** Whether to change anything. */
  apply: boolean;
  /** Undo what the command does otherwise. */
  lift: boolean;
  /** The operator's number of a legal matter. */
  matter?: string | undefined;
  /** A day, such as 2026-11-21. */
  review?: string | undefined;
  chat?: string | undefined;
  /** A file to write to. */
  out?: string | undefined;
  /** The identity provider's id of a person. */
  user?: string | undefined;
}

/** What a command is run with. */
export interface Run extends Flags {
  deployment: Deployment;
  /** What follows the command's name. */
  subjects: string[];
  print: (line: string) => void;
}

/** One command of `npm run ops`. */
export interface Command {
  name: string;
  /** The command with what it takes. */
  synopsis: string;
  /** What it does, in one line. */
  purpose: string;
  /** What else there is to know, as `--help` of this command shows it. */
  details?: readonly string[];
  /** Whether it only tells, so that there is nothing for --apply to do. */
  isReport?: boolean;
  /** Gives the exit code. */
  run: (run: Run) => Promise<number>;
}
