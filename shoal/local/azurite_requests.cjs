// Loaded into Azurite before its own code. For each request Azurite parses the path templates of all operations, parses the query
// once for every parameter that it asks for, and computes the signature of its URL. Here each of these is done once, as far as
// requests have it in common.
"use strict";
const { dirname, join } = require("node:path");

const MOST_SIGNATURES = 1000;
const source = dirname(process.argv[1]);

// Paths are `/`, `/container` and `/container/blob` here, so that there are few matches.
const matching = require(join(source, "generated", "utils", "utils"));
const { isURITemplateMatch } = matching;
const matches = new Map();
matching.isURITemplateMatch = (path, template) => {
  const key = `${path} ${template}`;
  if (!matches.has(key)) matches.set(key, isURITemplateMatch(path, template));
  return matches.get(key);
};

const { default: Request } = require(join(source, "generated", "ExpressRequestAdapter"));
Request.prototype.getQuery = function (name) {
  // Another adapter is made for each step of a request.
  this.req.shoalQuery ??= this.req.query;
  const value = this.req.shoalQuery[name];
  return typeof value === "string" ? value : undefined;
};

const signing = require(join(source, "..", "common", "utils", "utils"));
const { computeHMACSHA256 } = signing;
const signatures = new Map();
signing.computeHMACSHA256 = (text, key) => {
  const signed = `${text} ${key.toString("base64")}`;
  if (!signatures.has(signed)) {
    if (signatures.size >= MOST_SIGNATURES) signatures.clear();
    signatures.set(signed, computeHMACSHA256(text, key));
  }
  return signatures.get(signed);
};
