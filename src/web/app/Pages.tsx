import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { Navigate, Route, Routes, useLocation, useMatch } from "react-router";
import { Conversation } from "../features/messages/Conversation.tsx";
import type { Account } from "./api.ts";
import { Boundary } from "./Boundary.tsx";
import { Failure } from "./Failure.tsx";
import {
  createPath,
  libraryPath,
  mediaPattern,
  newThreadPath,
  operatorPath,
  privacyPath,
  temporaryPath,
  threadPattern,
  usagePath,
} from "./paths.ts";
import { Splash } from "./Splash.tsx";
import { sentenceOf } from "./sentences.ts";

/** The pages that are loaded when somebody goes there. Each is given the account and brings a `main` of its own. */
const CreatePage = lazy(() => import("../features/media/CreatePage.tsx"));
const LibraryPage = lazy(() => import("../features/media/LibraryPage.tsx"));
const UsagePage = lazy(() => import("../features/usage/UsagePage.tsx"));
const PrivacyPage = lazy(() => import("../features/privacy/PrivacyPage.tsx"));
const OperatorPage = lazy(() => import("../features/operator/OperatorPage.tsx"));

/** Which page stands at which address. */
export function Pages({ account }: { account: Account }) {
  const page = (Content: ComponentType<{ account: Account }>) => (
    <LoadedPage>
      <Content account={account} />
    </LoadedPage>
  );
  return (
    <Routes>
      {/* One element for all addresses, so that a conversation stays on screen while its first message names it. */}
      <Route element={<ConversationPage account={account} />}>
        <Route path={newThreadPath} element={null} />
        <Route path={temporaryPath} element={null} />
        <Route path={threadPattern} element={null} />
      </Route>
      <Route path={createPath} element={page(CreatePage)} />
      {/* And for the library, so that its grid keeps its place behind the picture that is opened. */}
      <Route element={page(LibraryPage)}>
        <Route path={libraryPath} element={null} />
        <Route path={mediaPattern} element={null} />
      </Route>
      <Route path={usagePath} element={page(UsagePage)} />
      <Route path={privacyPath} element={page(PrivacyPage)} />
      <Route path={operatorPath} element={page(OperatorPage)} />
      <Route path="*" element={<Navigate replace to={newThreadPath} />} />
    </Routes>
  );
}

function LoadedPage({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  return (
    <Boundary resetKey={pathname} fallback={(error) => <Failure sentence={sentenceOf(error)} />}>
      <Suspense fallback={<Splash />}>{children}</Suspense>
    </Boundary>
  );
}

function ConversationPage({ account }: { account: Account }) {
  const threadId = useMatch(threadPattern)?.params.threadId ?? null;
  return <Conversation account={account} threadId={threadId} />;
}
