import { ChevronDown } from "lucide-react";
import type { Model } from "../../app/api.ts";
import { Menu, MenuChoice } from "../../ui/Menu.tsx";
import { useWords } from "../../words/words.ts";

interface ModelPickerProps {
  models: readonly Model[];
  chosen: string | undefined;
  onChoose: (modelId: string) => void;
}

/** Which model answers the next message, and what each costs. */
export function ModelPicker({ models, chosen, onChoose }: ModelPickerProps) {
  const words = useWords().models;
  const label = models.find(({ id }) => id === chosen)?.label;
  if (!chosen || !label) return null;
  return (
    <Menu
      side="top"
      className="w-76 max-w-[calc(100vw-16px)]"
      trigger={
        <button
          type="button"
          aria-label={words.chosen(label)}
          className="flex h-9 min-w-0 items-center gap-1.5 rounded-lg px-2.5 text-[14px] text-muted hover:bg-hover hover:text-ink data-[state=open]:bg-hover"
        >
          <span className="truncate">{label}</span>
          <ChevronDown aria-hidden size={15} className="shrink-0" />
        </button>
      }
    >
      <MenuChoice
        label={words.model}
        value={chosen}
        options={models.map((model) => ({ value: model.id, label: <PricedModel model={model} /> }))}
        onChange={onChoose}
      />
    </Menu>
  );
}

function PricedModel({ model }: { model: Model }) {
  const words = useWords().models;
  return (
    <span className="grid gap-0.5 py-0.5">
      <span>{model.label}</span>
      {model.modality === "text" && (
        <span className="text-[12.5px] leading-snug text-muted">
          {words.prices(model.prices.inputPer1000, model.prices.outputPer1000)}
        </span>
      )}
    </span>
  );
}
