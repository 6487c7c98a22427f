import { useQuery } from "convex/react";
import { api, type Model } from "../../app/api.ts";
import type { Words } from "../../words/words.ts";
import { useWords } from "../../words/words.ts";

/** What each model costs now. */
export function Prices() {
  const { usage } = useWords();
  const models = useQuery(api.models.list, {});
  if (!models) return null;
  return (
    <dl className="divide-y divide-line rounded-2xl border border-line bg-raised px-4 sm:px-5">
      {models.map((model) => (
        <div key={`${model.modality} ${model.id}`} className="flex flex-wrap items-baseline gap-x-6 gap-y-1 py-3">
          <dt className="min-w-40 flex-1 text-[15px]">
            {model.label}
            <span className="block text-[13px] text-muted">{usage.useNames[kindOf(model)]}</span>
          </dt>
          <dd className="text-[14.5px] tabular-nums sm:text-right">
            {pricesOf(usage, model).map((line) => (
              <span key={line} className="block">
                {line}
              </span>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function kindOf({ modality }: Model): "chat" | "image" | "video" {
  return modality === "text" ? "chat" : modality;
}

function pricesOf(usage: Words["usage"], model: Model): string[] {
  if (model.modality === "text") {
    return [usage.perTokensRead(model.prices.inputPer1000), usage.perTokensWritten(model.prices.outputPer1000)];
  }
  if (model.modality === "video") return [usage.perSecond(model.prices.perSecond)];
  return model.prices.map(({ size, credits }) => usage.perPicture(credits, size.replace("x", " × ")));
}
