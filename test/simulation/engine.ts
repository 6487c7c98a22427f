/** Prepares a process for simulations. Nothing that the functions import may be loaded before. */
import type { Modules } from "./backend.ts";
import { replaceGlobals } from "./globals.ts";
import { addressesWith, hookLoading } from "./loading.ts";
import { type PlantedBug, planted } from "./plantedBugs.ts";

/** Makes a process ready, and gives what loads the functions, with a bug in them or without. */
export async function prepareProcess() {
  replaceGlobals();
  hookLoading();
  const [{ loadGatedModules }, { simulate }, { ENVIRONMENT }] = await Promise.all([
    import("./backend.ts"),
    import("./simulation.ts"),
    import("./world.ts"),
  ]);
  Object.assign(process.env, ENVIRONMENT);
  const loaded = new Map<string | null, Promise<Modules>>();
  const load = (bug: PlantedBug | null): Promise<Modules> => {
    const name = bug?.name ?? null;
    const modules = loaded.get(name) ?? loadGatedModules(bug ? addressesWith(bug) : undefined);
    loaded.set(name, modules);
    return modules;
  };
  return { load, simulate, planted };
}
