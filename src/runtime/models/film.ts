/** Encodes the videos of the stand-in in a thread of their own, since that takes the better part of a second. */
import { Worker } from "node:worker_threads";
import type { Canvas, Subject } from "./drawing.ts";

export interface Scene extends Subject {
  canvas: Canvas;
  seconds: number;
}

/** A video as MP4 with H.264, which browsers play. Rejects when `signal` aborts. */
export function encodeFilm(scene: Scene, signal: AbortSignal): Promise<Uint8Array> {
  const worker = new Worker(new URL("./filmWorker.ts", import.meta.url), { workerData: scene });
  const stop = () => void worker.terminate();
  signal.addEventListener("abort", stop, { once: true });
  return new Promise<Uint8Array>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("The encoder ended without a video")));
  }).finally(() => {
    signal.removeEventListener("abort", stop);
    void worker.terminate();
  });
}
