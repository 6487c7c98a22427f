/** Reads archives as any other program would. */
import { once } from "node:events";
import { fromBuffer } from "yauzl";

/** The content of each entry, by name. Throws where the archive is not sound. */
export async function unzip(archive: Uint8Array): Promise<Map<string, Buffer>> {
  const zip = await new Promise<import("yauzl").ZipFile>((resolve, reject) => {
    fromBuffer(Buffer.from(archive), { lazyEntries: true }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    );
  });
  const contents = new Map<string, Buffer>();
  zip.on("entry", (entry) => {
    zip.openReadStream(entry, async (error, stream) => {
      if (error) return zip.emit("error", error);
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      contents.set(entry.fileName, Buffer.concat(chunks));
      zip.readEntry();
    });
  });
  zip.readEntry();
  await once(zip, "end");
  return contents;
}

/** All rows of a section, whatever number of pages they are on. */
export function rowsOf(contents: Map<string, Buffer>, section: string): Record<string, unknown>[] {
  const pages = [...contents].filter(([name]) => name.startsWith(`${section}/`) && name.endsWith(".json"));
  return pages.flatMap(([, content]) => JSON.parse(content.toString("utf8")) as Record<string, unknown>[]);
}
