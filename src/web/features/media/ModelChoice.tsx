import { ChevronDown } from "lucide-react";
import { Menu, MenuChoice } from "../../ui/Menu.tsx";
import type { Words } from "../../words/words.ts";
import { useWords } from "../../words/words.ts";
import type { MediaModel } from "./orders.ts";

interface ModelChoiceProps {
  models: readonly MediaModel[];
  chosen: MediaModel;
  disabled: boolean;
  onChoose: (modelId: string) => void;
}

/** Which model makes it, and what each costs. */
export function ModelChoice({ models, chosen, disabled, onChoose }: ModelChoiceProps) {
  const { media, usage } = useWords();
  const options = models.map((model) => ({
    value: model.id,
    label: <Priced model={model} price={priceLine(usage, model)} />,
  }));
  return (
    <div className="grid gap-1.5">
      <span aria-hidden className="text-[14px] font-medium">
        {media.model}
      </span>
      <Menu
        className="w-76 max-w-[calc(100vw-16px)]"
        trigger={
          <button
            type="button"
            disabled={disabled}
            aria-label={`${media.model}: ${chosen.label}`}
            className="flex h-11 w-full items-center gap-2 rounded-[10px] border border-edge bg-canvas px-3 text-left text-[15px] hover:not-disabled:bg-hover disabled:opacity-60"
          >
            <span className="min-w-0 flex-1 truncate">{chosen.label}</span>
            <ChevronDown aria-hidden size={16} className="shrink-0 text-muted" />
          </button>
        }
      >
        <MenuChoice label={media.model} value={chosen.id} options={options} onChange={onChoose} />
      </Menu>
    </div>
  );
}

function Priced({ model, price }: { model: MediaModel; price: string }) {
  return (
    <span className="grid gap-0.5 py-0.5">
      <span>{model.label}</span>
      <span className="text-[12.5px] leading-snug text-muted">{price}</span>
    </span>
  );
}

function priceLine(usage: Words["usage"], model: MediaModel): string {
  if (model.modality === "video") return usage.perSecond(model.prices.perSecond);
  return model.prices.map(({ size, credits }) => usage.perPicture(credits, size.replace("x", " × "))).join(" · ");
}
