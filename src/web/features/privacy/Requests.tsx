import { useMutation, useQuery } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { type FormEvent, useId, useState } from "react";
import { ANSWER_MS, REQUEST_KINDS, type RequestKind } from "../../../policy/rights.ts";
import { api } from "../../app/api.ts";
import { Button } from "../../ui/Button.tsx";
import { useNotice } from "../../ui/Notices.tsx";
import { useWords } from "../../words/words.ts";
import { daysOf } from "./days.ts";
import { usePolicyWords } from "./policyWords.ts";
import { useAttempt } from "./useAttempt.ts";

type Request = FunctionReturnType<typeof api.privacy.requests>[number];

const kinds = Object.keys(REQUEST_KINDS) as RequestKind[];

/** What a person asked of the operator, with its deadlines, and a way to ask. */
export function Requests() {
  const { privacy } = useWords();
  const requests = useQuery(api.privacy.requests, {});
  return (
    <>
      <p className="mb-3 max-w-[60ch] text-[15px] text-pretty text-muted">{privacy.requestsLead(daysOf(ANSWER_MS))}</p>
      <RequestForm />
      {requests && requests.length > 0 && (
        <ul className="mt-4 divide-y divide-line rounded-2xl border border-line bg-raised">
          {requests.map((request) => (
            <Line key={`${request.kind} ${request.receivedAt}`} request={request} />
          ))}
        </ul>
      )}
    </>
  );
}

function RequestForm() {
  const { privacy } = useWords();
  const policy = usePolicyWords();
  const id = useId();
  const send = useMutation(api.privacy.request);
  const notify = useNotice();
  const { busy, attempt } = useAttempt();
  const [kind, setKind] = useState<RequestKind>("access");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(() => send({ kind }).then(({ dueAt }) => notify(privacy.requestSent(dueAt))));
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
      <div className="grid min-w-0 flex-1 basis-72 gap-1.5">
        <label htmlFor={id} className="text-[14px] font-medium">
          {privacy.requestKind}
        </label>
        <select
          id={id}
          value={kind}
          onChange={(event) => setKind(event.target.value as RequestKind)}
          className="h-11 w-full rounded-[10px] border border-edge bg-canvas px-3 text-[15px]"
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {policy.requests[each]}
            </option>
          ))}
        </select>
      </div>
      <Button type="submit" className="h-11" busy={busy}>
        {privacy.sendRequest}
      </Button>
    </form>
  );
}

function Line({ request }: { request: Request }) {
  const { privacy } = useWords();
  const policy = usePolicyWords();
  const { kind, state, receivedAt, dueAt, answeredAt } = request;
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-4 py-3 text-[14.5px] sm:px-5">
      <span className="min-w-0 flex-1 basis-64">{privacy.requestLine(policy.requests[kind])}</span>
      <span className="text-[13.5px] text-muted">
        {[
          privacy.requestStates[state],
          privacy.askedOn(receivedAt),
          answeredAt === null ? privacy.answerBy(dueAt) : privacy.answeredOn(answeredAt),
        ].join(" · ")}
      </span>
    </li>
  );
}
