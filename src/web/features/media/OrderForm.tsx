import { Film, Image } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useState } from "react";
import { Link } from "react-router";
import { characterCount } from "../../../shared/limits.ts";
import { MADE_KINDS } from "../../../shared/mediaModels.ts";
import { PLANS } from "../../../shared/plans.ts";
import type { Account } from "../../app/api.ts";
import { isApple } from "../../app/commands/keyboard.ts";
import { matches } from "../../app/commands/shortcuts.ts";
import { usagePath } from "../../app/paths.ts";
import { isRefusal, sentenceOf } from "../../app/sentences.ts";
import { Button } from "../../ui/Button.tsx";
import { ChoiceChips } from "../../ui/ChoiceChips.tsx";
import { Field } from "../../ui/Field.tsx";
import { Problem } from "../../ui/Problem.tsx";
import { useWords } from "../../words/words.ts";
import { ModelChoice } from "./ModelChoice.tsx";
import { ModelOptions } from "./ModelOptions.tsx";
import { type MediaModel, MOST_AT_ONCE, priceOf, readSeed } from "./orders.ts";
import type { Draft } from "./useDraftOrder.ts";
import { useOrder } from "./useOrder.ts";

interface OrderFormProps {
  account: Account;
  draft: Draft;
}

/** What sends it from within the description, where Enter begins a new line. */
const sendKeys = "mod+Enter";

/** Where a person says what is to be made, and sees what it costs before they ask for it. */
export function OrderForm({ account, draft }: OrderFormProps) {
  const { media } = useWords();
  const { model, models, options, kind, wish } = draft;
  const readOnly = account.state === "restricted";
  const { send, busy, problem } = useSending(draft, readOnly);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  return (
    <form aria-label={media.order} onSubmit={submit} noValidate className="grid gap-4">
      <ChoiceChips
        label={media.kind}
        hiddenLabel
        value={kind}
        disabled={readOnly}
        options={MADE_KINDS.map((each) => ({ value: each, label: <KindLabel kind={each} name={media.kinds[each]} /> }))}
        onChange={(next) => wish({ kind: next })}
      />
      <Description draft={draft} disabled={readOnly} onSend={send} />
      {model ? (
        <>
          <ModelChoice models={models} chosen={model} disabled={readOnly} onChoose={(modelId) => wish({ modelId })} />
          <ModelOptions
            model={model}
            options={options}
            disabled={readOnly}
            onChange={(changed) => wish({ options: { ...draft.wished, ...changed } })}
          />
          <div className="flex flex-wrap gap-x-5 gap-y-4">
            <ChoiceChips
              label={media.howMany}
              value={`${draft.count}`}
              disabled={readOnly}
              options={countsUpTo(Math.min(MOST_AT_ONCE, PLANS[account.plan].openJobs))}
              onChange={(count) => wish({ count: Number(count) })}
            />
            {model.seed && <Seed draft={draft} disabled={readOnly} />}
          </div>
          {problem}
          <Price account={account} model={model} draft={draft} busy={busy} disabled={readOnly || !draft.isReady} />
        </>
      ) : (
        <Problem>{media.notSetUp}</Problem>
      )}
    </form>
  );
}

function countsUpTo(most: number) {
  return Array.from({ length: most }, (_, index) => ({ value: `${index + 1}`, label: `${index + 1}` }));
}

function KindLabel({ kind, name }: { kind: Draft["kind"]; name: string }) {
  const Sign = kind === "image" ? Image : Film;
  return (
    <>
      <Sign aria-hidden size={16} />
      {name}
    </>
  );
}

interface DescriptionProps {
  draft: Draft;
  disabled: boolean;
  onSend: () => void;
}

function Description({ draft, disabled, onSend }: DescriptionProps) {
  const { media } = useWords();
  const keyDown = (event: KeyboardEvent) => {
    if (!matches(sendKeys, event, isApple)) return;
    event.preventDefault();
    onSend();
  };
  const id = useId();
  const tooMany = characterCount(draft.prompt.trim()) - draft.promptCharacters;
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="text-[14px] font-medium">
        {media.prompt}
      </label>
      <textarea
        id={id}
        rows={3}
        value={draft.prompt}
        disabled={disabled}
        placeholder={media.placeholders[draft.kind]}
        aria-invalid={tooMany > 0 || undefined}
        aria-describedby={tooMany > 0 ? `${id}-problem` : undefined}
        onChange={(event) => draft.wish({ prompt: event.target.value })}
        onKeyDown={keyDown}
        className="scroll-quiet field-sizing-content max-h-[40dvh] min-h-24 w-full resize-none rounded-[10px] border border-edge bg-canvas px-3 py-2.5 text-[16px] [overflow-wrap:anywhere] placeholder:text-muted disabled:opacity-60 aria-invalid:border-danger"
      />
      {tooMany > 0 && (
        <p id={`${id}-problem`} className="text-[14px] text-danger">
          {media.charactersTooMany(tooMany)}
        </p>
      )}
    </div>
  );
}

function Seed({ draft, disabled }: { draft: Draft; disabled: boolean }) {
  const { media } = useWords();
  return (
    <Field
      label={media.seed}
      placeholder={media.seedHint}
      className="min-w-32 flex-1 basis-32"
      inputMode="numeric"
      value={draft.seedText}
      disabled={disabled}
      onChange={(event) => draft.wish({ seedText: event.target.value })}
      problem={readSeed(draft.seedText) === null ? media.noSeed : undefined}
    />
  );
}

interface PriceProps {
  account: Account;
  model: MediaModel;
  draft: Draft;
  busy: boolean;
  disabled: boolean;
}

/** What it costs and what there is, beside the button that asks for it. */
function Price({ account, model, draft, busy, disabled }: PriceProps) {
  const { media, usage } = useWords();
  const price = priceOf(model, draft.options) * draft.count;
  const available = account.credits.balance - account.credits.held;
  const lacking = price - available;
  return (
    <div className="grid gap-2.5">
      <Button type="submit" kind="primary" busy={busy} disabled={disabled || lacking > 0}>
        {media.createFor(usage.credits(price))}
      </Button>
      {lacking > 0 ? (
        <Problem action={<UsageLink />}>{media.creditsLacking(usage.credits(lacking))}</Problem>
      ) : (
        <p className="text-center text-[13.5px] text-muted">{media.creditsHad(usage.credits(available))}</p>
      )}
    </div>
  );
}

function UsageLink() {
  const { media } = useWords();
  return (
    <Link to={usagePath} className="font-medium whitespace-nowrap underline underline-offset-4">
      {media.toUsage}
    </Link>
  );
}

/** Sends what the form says, once at a time. What was refused is said above the button, and the form stays as it is. */
function useSending(draft: Draft, readOnly: boolean): { send: () => void; busy: boolean; problem: ReactNode } {
  const order = useOrder();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const { kind, prompt, model, options, count } = draft;
  async function sendNow(modelId: string): Promise<void> {
    setBusy(true);
    setRefused(null);
    await order({ kind, prompt: prompt.trim(), model: modelId, options }, count).catch(setRefused);
    setBusy(false);
  }
  const problem = refused !== null && (
    <Problem action={isRefusal(refused, "insufficient_credits") && <UsageLink />}>{sentenceOf(refused)}</Problem>
  );
  return { send: () => void (model && draft.isReady && !busy && !readOnly && sendNow(model.id)), busy, problem };
}
