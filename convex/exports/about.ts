/** What stands in each archive about itself. docs/export.md says the same at length. */
export const ABOUT = `This archive holds everything you have in this service.

account/   you: name, settings, plan, consents, objections and requests
threads/   your chats: titles, pins, branches, and the alternatives at each place where a chat forks
messages/  what was said, by chat (threadId), branch and depth
media/     your pictures, videos and files: type, size, name, chat, and where the file is
files/     the files themselves
jobs/      what you asked to be made, and what became of it
credits/   each change to your credits
usage/     what models did for you, and what it cost
webhooks/  what the sign-in and billing provider told about you
history/   the changes to the credits of an account that this one was brought over from
receipts/  proof of what was deleted: what kind, when and why

Each .json file is a list of objects. Times are milliseconds since 1970 (UTC), sizes are bytes.
manifest.json lists every other file with its length and SHA-256, and the files that could not be read.
`;
