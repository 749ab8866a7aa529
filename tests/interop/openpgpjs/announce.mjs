// node announce.mjs ADDRESS DIRECTORY: a key pair whose certificate announces SEIPD version 2, in
// DIRECTORY/announcing.key and announcing.asc, without passphrase. Run where node_modules is.

import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const openpgp = createRequire(join(process.cwd(), "package.json"))("openpgp");
const [address, directory] = process.argv.slice(2);

const { privateKey, publicKey } = await openpgp.generateKey({
  type: "ecc", curve: "curve25519Legacy", userIDs: [{ email: address }],
  config: { aeadProtect: true, v6Keys: false },
});
await writeFile(join(directory, "announcing.key"), privateKey);
await writeFile(join(directory, "announcing.asc"), publicKey);
