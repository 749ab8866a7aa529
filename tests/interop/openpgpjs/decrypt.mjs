// node decrypt.mjs JOBS: decrypts with OpenPGP.js on Node. JOBS is a JSON list of {key, armour, output},
// all paths; what fails goes to OUTPUT.error. Run where node_modules is.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const openpgp = createRequire(join(process.cwd(), "package.json"))("openpgp");

const keys = new Map();
async function keyIn(path) {
  if (!keys.has(path)) {
    keys.set(path, await openpgp.readPrivateKey({ armoredKey: await readFile(path, "utf8") }));
  }
  return keys.get(path);
}

for (const job of JSON.parse(await readFile(process.argv[2], "utf8"))) {
  try {
    const message = await openpgp.readMessage({ armoredMessage: await readFile(job.armour, "latin1") });
    const { data } = await openpgp.decrypt({
      message, decryptionKeys: await keyIn(job.key), format: "binary",
    });
    await writeFile(job.output, data);
  } catch (error) {
    await writeFile(job.output + ".error", String(error));
  }
}
