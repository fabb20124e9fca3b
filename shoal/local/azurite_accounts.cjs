// Loaded into Azurite before its own code. Azurite reads its accounts from its environment, once a minute; a start of it
// takes more than a second. Here it reads them from a file, and each request sees the file's present content.
"use strict";
const { readFileSync, statSync } = require("node:fs");
const { dirname, join } = require("node:path");

const file = process.env.SHOAL_AZURITE_ACCOUNTS;
const { default: AccountDataStore } = require(join(dirname(process.argv[1]), "..", "common", "AccountDataStore"));
const { getAccount, refresh } = AccountDataStore.prototype;
let known;

// Who writes the file gives it a time of its own, to the nanosecond.
const version = () => statSync(file, { bigint: true }).mtimeNs;

AccountDataStore.prototype.refresh = function () {
  known = version();
  process.env.AZURITE_ACCOUNTS = readFileSync(file, "utf8");
  refresh.call(this);
};

AccountDataStore.prototype.getAccount = function (name) {
  if (version() !== known) this.refresh();
  return getAccount.call(this, name);
};
