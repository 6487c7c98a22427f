import { ChevronDown } from "lucide-react";
import type { Model } from "../../app/api.ts";
import { Menu, MenuChoice } from "../../ui/Menu.tsx";

interface ModelPickerProps {
  models: readonly Model[];
  chosen: string | undefined;
  onChoose: (modelId: string) => void;
}

/** Which model answers the next message. */
export function ModelPicker({ models, chosen, onChoose }: ModelPickerProps) {
  const label = models.find(({ id }) => id === chosen)?.label;
  if (!chosen || !label) return null;
  return (
    <Menu
      side="top"
      className="w-60"
      trigger={
        <button
          type="button"
          aria-label={`Model: ${label}`}
          className="flex h-9 min-w-0 items-center gap-1.5 rounded-lg px-2.5 text-[14px] text-muted hover:bg-hover hover:text-ink data-[state=open]:bg-hover"
        >
          <span className="truncate">{label}</span>
          <ChevronDown aria-hidden size={15} className="shrink-0" />
        </button>
      }
    >
      <MenuChoice
        label="Model"
        value={chosen}
        options={models.map((model) => ({ value: model.id, label: model.label }))}
        onChange={onChoose}
      />
    </Menu>
  );
}
