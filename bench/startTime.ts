/** From the command to a page that answers, next to starting Node alone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { startHome } from "../test/support/home.ts";
import { type Measurement, median } from "./measurement.ts";

const RUNS = 5;
const TARGET = { of: "value", atMost: 5_000 } as const;

export async function measureStart(): Promise<Measurement[]> {
  // The first start may build the page, which later ones find built.
  await (await startHome()).dispose();
  const fresh: number[] = [];
  const again: number[] = [];
  const node: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const home = await startHome();
    fresh.push(home.startMs);
    await home.stop();
    await home.restart();
    again.push(home.startMs);
    await home.dispose();
    node.push(await startNode());
  }
  const against = { name: "node alone", value: median(node) };
  return [
    { name: "start to answering page, new folder", value: median(fresh), unit: "ms", against, target: TARGET },
    { name: "start to answering page, existing folder", value: median(again), unit: "ms", against, target: TARGET },
  ];
}

async function startNode(): Promise<number> {
  const startedMs = performance.now();
  await once(spawn(process.execPath, ["--eval", "0"]), "exit");
  return performance.now() - startedMs;
}
