/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as account from "../account.js";
import type * as account_closing from "../account/closing.js";
import type * as account_profile from "../account/profile.js";
import type * as account_signingIn from "../account/signingIn.js";
import type * as account_suspending from "../account/suspending.js";
import type * as billing from "../billing.js";
import type * as billing_months from "../billing/months.js";
import type * as billing_periods from "../billing/periods.js";
import type * as crons from "../crons.js";
import type * as encryption_keys from "../encryption/keys.js";
import type * as encryption_parking from "../encryption/parking.js";
import type * as encryption_rotation from "../encryption/rotation.js";
import type * as encryption_salts from "../encryption/salts.js";
import type * as encryption_sealing from "../encryption/sealing.js";
import type * as encryption_vault from "../encryption/vault.js";
import type * as erasure_asking from "../erasure/asking.js";
import type * as erasure_beginning from "../erasure/beginning.js";
import type * as erasure_cascade from "../erasure/cascade.js";
import type * as erasure_chain from "../erasure/chain.js";
import type * as erasure_ending from "../erasure/ending.js";
import type * as erasure_identity from "../erasure/identity.js";
import type * as erasure_ledger from "../erasure/ledger.js";
import type * as erasure_leftovers from "../erasure/leftovers.js";
import type * as erasure_looking from "../erasure/looking.js";
import type * as erasure_pseudonyms from "../erasure/pseudonyms.js";
import type * as erasure_receipts from "../erasure/receipts.js";
import type * as erasure_reconciliation from "../erasure/reconciliation.js";
import type * as erasure_removing from "../erasure/removing.js";
import type * as erasure_replaying from "../erasure/replaying.js";
import type * as erasure_standing from "../erasure/standing.js";
import type * as erasure_steps from "../erasure/steps.js";
import type * as exports_about from "../exports/about.js";
import type * as exports_access from "../exports/access.js";
import type * as exports_building from "../exports/building.js";
import type * as exports_listings from "../exports/listings.js";
import type * as exports_pages from "../exports/pages.js";
import type * as exports_serving from "../exports/serving.js";
import type * as exports_steps from "../exports/steps.js";
import type * as exports_tickets from "../exports/tickets.js";
import type * as http from "../http.js";
import type * as imports_files from "../imports/files.js";
import type * as imports_owner from "../imports/owner.js";
import type * as imports_rows from "../imports/rows.js";
import type * as legalHolds_holding from "../legalHolds/holding.js";
import type * as legalHolds_placing from "../legalHolds/placing.js";
import type * as lib_errors from "../lib/errors.js";
import type * as lib_functions from "../lib/functions.js";
import type * as lib_operators from "../lib/operators.js";
import type * as lib_pages from "../lib/pages.js";
import type * as lib_rateLimits from "../lib/rateLimits.js";
import type * as lib_requests from "../lib/requests.js";
import type * as lib_retries from "../lib/retries.js";
import type * as lib_scope from "../lib/scope.js";
import type * as lib_sweeping from "../lib/sweeping.js";
import type * as media from "../media.js";
import type * as media_access from "../media/access.js";
import type * as media_attaching from "../media/attaching.js";
import type * as media_bucket from "../media/bucket.js";
import type * as media_bucketKeys from "../media/bucketKeys.js";
import type * as media_deletes from "../media/deletes.js";
import type * as media_draining from "../media/draining.js";
import type * as media_endings from "../media/endings.js";
import type * as media_fileNames from "../media/fileNames.js";
import type * as media_grants from "../media/grants.js";
import type * as media_hints from "../media/hints.js";
import type * as media_homes from "../media/homes.js";
import type * as media_inspection_avif from "../media/inspection/avif.js";
import type * as media_inspection_boxes from "../media/inspection/boxes.js";
import type * as media_inspection_found from "../media/inspection/found.js";
import type * as media_inspection_gif from "../media/inspection/gif.js";
import type * as media_inspection_inspect from "../media/inspection/inspect.js";
import type * as media_inspection_jpeg from "../media/inspection/jpeg.js";
import type * as media_inspection_mp4 from "../media/inspection/mp4.js";
import type * as media_inspection_pdf from "../media/inspection/pdf.js";
import type * as media_inspection_png from "../media/inspection/png.js";
import type * as media_inspection_sniff from "../media/inspection/sniff.js";
import type * as media_inspection_text from "../media/inspection/text.js";
import type * as media_inspection_webm from "../media/inspection/webm.js";
import type * as media_inspection_webp from "../media/inspection/webp.js";
import type * as media_keeping from "../media/keeping.js";
import type * as media_making from "../media/making.js";
import type * as media_missing from "../media/missing.js";
import type * as media_moving from "../media/moving.js";
import type * as media_objectSeal from "../media/objectSeal.js";
import type * as media_opening from "../media/opening.js";
import type * as media_orders from "../media/orders.js";
import type * as media_parts from "../media/parts.js";
import type * as media_pool from "../media/pool.js";
import type * as media_posters from "../media/posters.js";
import type * as media_production from "../media/production.js";
import type * as media_prompts from "../media/prompts.js";
import type * as media_providers_asking from "../media/providers/asking.js";
import type * as media_providers_fal from "../media/providers/fal.js";
import type * as media_providers_openai from "../media/providers/openai.js";
import type * as media_providers_orders from "../media/providers/orders.js";
import type * as media_providers_pictureAnswer from "../media/providers/pictureAnswer.js";
import type * as media_providers_providers from "../media/providers/providers.js";
import type * as media_providers_replicate from "../media/providers/replicate.js";
import type * as media_pulling from "../media/pulling.js";
import type * as media_ranges from "../media/ranges.js";
import type * as media_reading from "../media/reading.js";
import type * as media_replies from "../media/replies.js";
import type * as media_reservations from "../media/reservations.js";
import type * as media_results from "../media/results.js";
import type * as media_returning from "../media/returning.js";
import type * as media_returns from "../media/returns.js";
import type * as media_seals from "../media/seals.js";
import type * as media_serving from "../media/serving.js";
import type * as media_sessions from "../media/sessions.js";
import type * as media_states from "../media/states.js";
import type * as media_storing from "../media/storing.js";
import type * as media_strays from "../media/strays.js";
import type * as media_sweeping from "../media/sweeping.js";
import type * as media_thumbnailing from "../media/thumbnailing.js";
import type * as media_thumbnails from "../media/thumbnails.js";
import type * as media_tickets from "../media/tickets.js";
import type * as media_uploading from "../media/uploading.js";
import type * as media_uploads from "../media/uploads.js";
import type * as media_views from "../media/views.js";
import type * as messages from "../messages.js";
import type * as messages_access from "../messages/access.js";
import type * as messages_charges from "../messages/charges.js";
import type * as messages_context from "../messages/context.js";
import type * as messages_endings from "../messages/endings.js";
import type * as messages_generation from "../messages/generation.js";
import type * as messages_leases from "../messages/leases.js";
import type * as messages_pacing from "../messages/pacing.js";
import type * as messages_provider from "../messages/provider.js";
import type * as messages_relay from "../messages/relay.js";
import type * as messages_texts from "../messages/texts.js";
import type * as messages_turns from "../messages/turns.js";
import type * as messages_views from "../messages/views.js";
import type * as models from "../models.js";
import type * as models_catalogue from "../models/catalogue.js";
import type * as models_mediaCatalogue from "../models/mediaCatalogue.js";
import type * as operator from "../operator.js";
import type * as operator_counting from "../operator/counting.js";
import type * as operator_state from "../operator/state.js";
import type * as privacy from "../privacy.js";
import type * as privacy_choices from "../privacy/choices.js";
import type * as privacy_holdings from "../privacy/holdings.js";
import type * as privacy_proofs from "../privacy/proofs.js";
import type * as privacy_register from "../privacy/register.js";
import type * as privacy_restriction from "../privacy/restriction.js";
import type * as routes_exports from "../routes/exports.js";
import type * as routes_media from "../routes/media.js";
import type * as routes_mediaWebhooks from "../routes/mediaWebhooks.js";
import type * as routes_privacy from "../routes/privacy.js";
import type * as routes_refusals from "../routes/refusals.js";
import type * as routes_responses from "../routes/responses.js";
import type * as routes_webhooks from "../routes/webhooks.js";
import type * as routes_wellKnown from "../routes/wellKnown.js";
import type * as threads from "../threads.js";
import type * as threads_access from "../threads/access.js";
import type * as threads_branching from "../threads/branching.js";
import type * as threads_creation from "../threads/creation.js";
import type * as threads_expiry from "../threads/expiry.js";
import type * as threads_listing from "../threads/listing.js";
import type * as threads_matching from "../threads/matching.js";
import type * as threads_paths from "../threads/paths.js";
import type * as threads_removal from "../threads/removal.js";
import type * as threads_searching from "../threads/searching.js";
import type * as threads_titles from "../threads/titles.js";
import type * as threads_undoing from "../threads/undoing.js";
import type * as threads_views from "../threads/views.js";
import type * as usage from "../usage.js";
import type * as usage_corrections from "../usage/corrections.js";
import type * as usage_entries from "../usage/entries.js";
import type * as usage_holds from "../usage/holds.js";
import type * as usage_ledger from "../usage/ledger.js";
import type * as usage_limits from "../usage/limits.js";
import type * as usage_reconciling from "../usage/reconciling.js";
import type * as usage_turnCosts from "../usage/turnCosts.js";
import type * as webhooks_clerkBilling from "../webhooks/clerkBilling.js";
import type * as webhooks_fields from "../webhooks/fields.js";
import type * as webhooks_inbox from "../webhooks/inbox.js";
import type * as webhooks_objecting from "../webhooks/objecting.js";
import type * as webhooks_silence from "../webhooks/silence.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  account: typeof account;
  "account/closing": typeof account_closing;
  "account/profile": typeof account_profile;
  "account/signingIn": typeof account_signingIn;
  "account/suspending": typeof account_suspending;
  billing: typeof billing;
  "billing/months": typeof billing_months;
  "billing/periods": typeof billing_periods;
  crons: typeof crons;
  "encryption/keys": typeof encryption_keys;
  "encryption/parking": typeof encryption_parking;
  "encryption/rotation": typeof encryption_rotation;
  "encryption/salts": typeof encryption_salts;
  "encryption/sealing": typeof encryption_sealing;
  "encryption/vault": typeof encryption_vault;
  "erasure/asking": typeof erasure_asking;
  "erasure/beginning": typeof erasure_beginning;
  "erasure/cascade": typeof erasure_cascade;
  "erasure/chain": typeof erasure_chain;
  "erasure/ending": typeof erasure_ending;
  "erasure/identity": typeof erasure_identity;
  "erasure/ledger": typeof erasure_ledger;
  "erasure/leftovers": typeof erasure_leftovers;
  "erasure/looking": typeof erasure_looking;
  "erasure/pseudonyms": typeof erasure_pseudonyms;
  "erasure/receipts": typeof erasure_receipts;
  "erasure/reconciliation": typeof erasure_reconciliation;
  "erasure/removing": typeof erasure_removing;
  "erasure/replaying": typeof erasure_replaying;
  "erasure/standing": typeof erasure_standing;
  "erasure/steps": typeof erasure_steps;
  "exports/about": typeof exports_about;
  "exports/access": typeof exports_access;
  "exports/building": typeof exports_building;
  "exports/listings": typeof exports_listings;
  "exports/pages": typeof exports_pages;
  "exports/serving": typeof exports_serving;
  "exports/steps": typeof exports_steps;
  "exports/tickets": typeof exports_tickets;
  http: typeof http;
  "imports/files": typeof imports_files;
  "imports/owner": typeof imports_owner;
  "imports/rows": typeof imports_rows;
  "legalHolds/holding": typeof legalHolds_holding;
  "legalHolds/placing": typeof legalHolds_placing;
  "lib/errors": typeof lib_errors;
  "lib/functions": typeof lib_functions;
  "lib/operators": typeof lib_operators;
  "lib/pages": typeof lib_pages;
  "lib/rateLimits": typeof lib_rateLimits;
  "lib/requests": typeof lib_requests;
  "lib/retries": typeof lib_retries;
  "lib/scope": typeof lib_scope;
  "lib/sweeping": typeof lib_sweeping;
  media: typeof media;
  "media/access": typeof media_access;
  "media/attaching": typeof media_attaching;
  "media/bucket": typeof media_bucket;
  "media/bucketKeys": typeof media_bucketKeys;
  "media/deletes": typeof media_deletes;
  "media/draining": typeof media_draining;
  "media/endings": typeof media_endings;
  "media/fileNames": typeof media_fileNames;
  "media/grants": typeof media_grants;
  "media/hints": typeof media_hints;
  "media/homes": typeof media_homes;
  "media/inspection/avif": typeof media_inspection_avif;
  "media/inspection/boxes": typeof media_inspection_boxes;
  "media/inspection/found": typeof media_inspection_found;
  "media/inspection/gif": typeof media_inspection_gif;
  "media/inspection/inspect": typeof media_inspection_inspect;
  "media/inspection/jpeg": typeof media_inspection_jpeg;
  "media/inspection/mp4": typeof media_inspection_mp4;
  "media/inspection/pdf": typeof media_inspection_pdf;
  "media/inspection/png": typeof media_inspection_png;
  "media/inspection/sniff": typeof media_inspection_sniff;
  "media/inspection/text": typeof media_inspection_text;
  "media/inspection/webm": typeof media_inspection_webm;
  "media/inspection/webp": typeof media_inspection_webp;
  "media/keeping": typeof media_keeping;
  "media/making": typeof media_making;
  "media/missing": typeof media_missing;
  "media/moving": typeof media_moving;
  "media/objectSeal": typeof media_objectSeal;
  "media/opening": typeof media_opening;
  "media/orders": typeof media_orders;
  "media/parts": typeof media_parts;
  "media/pool": typeof media_pool;
  "media/posters": typeof media_posters;
  "media/production": typeof media_production;
  "media/prompts": typeof media_prompts;
  "media/providers/asking": typeof media_providers_asking;
  "media/providers/fal": typeof media_providers_fal;
  "media/providers/openai": typeof media_providers_openai;
  "media/providers/orders": typeof media_providers_orders;
  "media/providers/pictureAnswer": typeof media_providers_pictureAnswer;
  "media/providers/providers": typeof media_providers_providers;
  "media/providers/replicate": typeof media_providers_replicate;
  "media/pulling": typeof media_pulling;
  "media/ranges": typeof media_ranges;
  "media/reading": typeof media_reading;
  "media/replies": typeof media_replies;
  "media/reservations": typeof media_reservations;
  "media/results": typeof media_results;
  "media/returning": typeof media_returning;
  "media/returns": typeof media_returns;
  "media/seals": typeof media_seals;
  "media/serving": typeof media_serving;
  "media/sessions": typeof media_sessions;
  "media/states": typeof media_states;
  "media/storing": typeof media_storing;
  "media/strays": typeof media_strays;
  "media/sweeping": typeof media_sweeping;
  "media/thumbnailing": typeof media_thumbnailing;
  "media/thumbnails": typeof media_thumbnails;
  "media/tickets": typeof media_tickets;
  "media/uploading": typeof media_uploading;
  "media/uploads": typeof media_uploads;
  "media/views": typeof media_views;
  messages: typeof messages;
  "messages/access": typeof messages_access;
  "messages/charges": typeof messages_charges;
  "messages/context": typeof messages_context;
  "messages/endings": typeof messages_endings;
  "messages/generation": typeof messages_generation;
  "messages/leases": typeof messages_leases;
  "messages/pacing": typeof messages_pacing;
  "messages/provider": typeof messages_provider;
  "messages/relay": typeof messages_relay;
  "messages/texts": typeof messages_texts;
  "messages/turns": typeof messages_turns;
  "messages/views": typeof messages_views;
  models: typeof models;
  "models/catalogue": typeof models_catalogue;
  "models/mediaCatalogue": typeof models_mediaCatalogue;
  operator: typeof operator;
  "operator/counting": typeof operator_counting;
  "operator/state": typeof operator_state;
  privacy: typeof privacy;
  "privacy/choices": typeof privacy_choices;
  "privacy/holdings": typeof privacy_holdings;
  "privacy/proofs": typeof privacy_proofs;
  "privacy/register": typeof privacy_register;
  "privacy/restriction": typeof privacy_restriction;
  "routes/exports": typeof routes_exports;
  "routes/media": typeof routes_media;
  "routes/mediaWebhooks": typeof routes_mediaWebhooks;
  "routes/privacy": typeof routes_privacy;
  "routes/refusals": typeof routes_refusals;
  "routes/responses": typeof routes_responses;
  "routes/webhooks": typeof routes_webhooks;
  "routes/wellKnown": typeof routes_wellKnown;
  threads: typeof threads;
  "threads/access": typeof threads_access;
  "threads/branching": typeof threads_branching;
  "threads/creation": typeof threads_creation;
  "threads/expiry": typeof threads_expiry;
  "threads/listing": typeof threads_listing;
  "threads/matching": typeof threads_matching;
  "threads/paths": typeof threads_paths;
  "threads/removal": typeof threads_removal;
  "threads/searching": typeof threads_searching;
  "threads/titles": typeof threads_titles;
  "threads/undoing": typeof threads_undoing;
  "threads/views": typeof threads_views;
  usage: typeof usage;
  "usage/corrections": typeof usage_corrections;
  "usage/entries": typeof usage_entries;
  "usage/holds": typeof usage_holds;
  "usage/ledger": typeof usage_ledger;
  "usage/limits": typeof usage_limits;
  "usage/reconciling": typeof usage_reconciling;
  "usage/turnCosts": typeof usage_turnCosts;
  "webhooks/clerkBilling": typeof webhooks_clerkBilling;
  "webhooks/fields": typeof webhooks_fields;
  "webhooks/inbox": typeof webhooks_inbox;
  "webhooks/objecting": typeof webhooks_objecting;
  "webhooks/silence": typeof webhooks_silence;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  rateLimiter: import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi<"rateLimiter">;
  mediaPool: import("@convex-dev/workpool/_generated/component.js").ComponentApi<"mediaPool">;
};
