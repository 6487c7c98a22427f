import type { Deployment } from "./deployment.ts";

/** What a command is run with. */
export interface Run {
  deployment: Deployment;
  /** What follows the command's name. */
  subjects: string[];
  /** Whether to change anything. */
  apply: boolean;
  /** Undo what the command does otherwise. */
  lift: boolean;
  print: (line: string) => void;
}

/** One command of `npm run ops`. */
export interface Command {
  name: string;
  /** The command with what it takes. */
  synopsis: string;
  /** What it does, in one line. */
  purpose: string;
  /** Gives the exit code. */
  run: (run: Run) => Promise<number>;
}
