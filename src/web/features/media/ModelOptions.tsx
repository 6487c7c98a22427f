import { Slider } from "radix-ui";
import { useId } from "react";
import { ChoiceChips } from "../../ui/ChoiceChips.tsx";
import { useWords } from "../../words/words.ts";
import { type MediaModel, type MediaOptions, ratioOf } from "./orders.ts";

interface ModelOptionsProps {
  model: MediaModel;
  options: MediaOptions;
  disabled: boolean;
  onChange: (changed: MediaOptions) => void;
}

/** What the model can be told, whichever model it is: its catalogue entry says what is there to choose. */
export function ModelOptions({ model, options, disabled, onChange }: ModelOptionsProps) {
  const { media } = useWords();
  if (model.modality === "image") {
    return (
      <ChoiceChips
        label={media.size}
        value={options.size ?? ""}
        disabled={disabled}
        options={model.prices.map(({ size, credits }) => ({
          value: size,
          label: <Shaped shape={size} name={media.sizeOf(size)} credits={credits} />,
        }))}
        onChange={(size) => onChange({ size })}
      />
    );
  }
  const { aspectRatios, limits } = model;
  return (
    <>
      {aspectRatios.length > 0 && (
        <ChoiceChips
          label={media.shape}
          value={options.aspectRatio ?? ""}
          disabled={disabled}
          options={aspectRatios.map((ratio) => ({ value: ratio, label: <Shaped shape={ratio} name={ratio} /> }))}
          onChange={(aspectRatio) => onChange({ aspectRatio })}
        />
      )}
      <Length
        seconds={options.seconds ?? limits.defaultSeconds}
        mostSeconds={limits.seconds}
        disabled={disabled}
        onChange={(seconds) => onChange({ seconds })}
      />
    </>
  );
}

/** A shape as a small frame, with its name and its price. */
function Shaped({ shape, name, credits }: { shape: string; name: string; credits?: number }) {
  const { formats } = useWords();
  const ratio = ratioOf(shape);
  const frame = ratio > 1 ? { width: 16, height: 16 / ratio } : { width: 16 * ratio, height: 16 };
  return (
    <>
      <span aria-hidden className="grid size-4 place-items-center">
        <span style={frame} className="rounded-[3px] border-[1.5px] border-current" />
      </span>
      {name}
      {credits !== undefined && (
        <span className="text-[12.5px] text-muted tabular-nums">{formats.number(credits)}</span>
      )}
    </>
  );
}

interface LengthProps {
  seconds: number;
  mostSeconds: number;
  disabled: boolean;
  onChange: (seconds: number) => void;
}

function Length({ seconds, mostSeconds, disabled, onChange }: LengthProps) {
  const { media } = useWords();
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <div className="flex justify-between text-[14px]">
        <span id={id} className="font-medium">
          {media.length}
        </span>
        <span className="text-muted tabular-nums">{media.seconds(seconds)}</span>
      </div>
      <Slider.Root
        min={1}
        max={mostSeconds}
        value={[seconds]}
        disabled={disabled}
        onValueChange={([next = seconds]) => onChange(next)}
        className="relative flex h-6 touch-none items-center data-disabled:opacity-60"
      >
        <Slider.Track className="relative h-1.5 grow rounded-full bg-hover">
          <Slider.Range className="absolute h-full rounded-full bg-accent" />
        </Slider.Track>
        <Slider.Thumb
          aria-labelledby={id}
          aria-valuetext={media.seconds(seconds)}
          className="block size-6 rounded-full border-2 border-accent bg-raised shadow-raised"
        />
      </Slider.Root>
    </div>
  );
}
