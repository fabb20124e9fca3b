// Loaded into Azurite before its own code. Azurite writes each content through a stream, flushes it to the disk by itself, and
// opens and reads the file again for the checksum. That is most of the time of a small blob. Here the small contents of a
// moment are written and flushed together, and the checksum is that of the bytes in memory. As in Azurite, a content is on the
// disk before its request is answered.
"use strict";
const { constants, promises: fs } = require("node:fs");
const { dirname, join } = require("node:path");

const SMALL = 64 * 1024; // bytes
const persistence = join(dirname(process.argv[1]), "..", "common", "persistence");
const { default: FSExtentStore } = require(join(persistence, "FSExtentStore"));
const { default: BufferStream } = require(join(persistence, "..", "utils", "BufferStream"));
const { DEFAULT_MAX_EXTENT_SIZE } = require(join(persistence, "..", "utils", "constants"));
const { appendExtent, readExtent } = FSExtentStore.prototype;
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_DSYNC;

const appenders = new WeakMap();
// The content of a chunk until its checksum has been computed.
const fresh = new WeakMap();

FSExtentStore.prototype.appendExtent = async function (data, contextId) {
  if (!isSmall(data)) return appendExtent.call(this, data, contextId);
  if (!appenders.has(this)) appenders.set(this, new Appender(this));
  const content = await whole(data);
  const chunk = await appenders.get(this).append(content);
  fresh.set(chunk, content);
  return chunk;
};

FSExtentStore.prototype.readExtent = async function (chunk, contextId) {
  const content = chunk && fresh.get(chunk);
  if (content === undefined) return readExtent.call(this, chunk, contextId);
  fresh.delete(chunk);
  return new BufferStream(content);
};

// A request says its length; other streams are those of Azurite's own copies.
const isSmall = (data) => Number(data.headers?.["content-length"] ?? Infinity) <= SMALL;

const whole = (request) =>
  new Promise((resolve, reject) => {
    const pieces = [];
    request
      .on("data", (piece) => pieces.push(piece))
      .on("end", () => resolve(Buffer.concat(pieces)))
      .on("error", reject)
      .on("close", () => reject(new Error("the request was cut off")));
  });

class Appender {
  constructor(store) {
    this.store = store;
    this.extent = store.createAppendExtent(store.persistencyConfiguration[0].locationId);
    // Nothing is removed that is among these.
    store.activeWriteExtents.push(this.extent);
    this.waiting = [];
    this.isWriting = false;
  }

  append(content) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ content, resolve, reject });
      if (!this.isWriting) this.writeAll();
    });
  }

  async writeAll() {
    this.isWriting = true;
    while (this.waiting.length) {
      const group = this.waiting.splice(0);
      try {
        const chunks = await this.write(group.map((one) => one.content));
        group.forEach((one, place) => one.resolve(chunks[place]));
      } catch (error) {
        group.forEach((one) => one.reject(error));
      }
    }
    this.isWriting = false;
  }

  async write(contents) {
    const extent = this.extent;
    const bytes = Buffer.concat(contents);
    if (bytes.length) await this.appendToFile(bytes);
    let offset = extent.offset - bytes.length;
    return contents.map(({ length: count }) => {
      const chunk = { id: extent.id, offset, count };
      offset += count;
      return chunk;
    });
  }

  async appendToFile(bytes) {
    const extent = this.extent;
    if (extent.offset >= DEFAULT_MAX_EXTENT_SIZE) {
      await extent.fd?.close();
      this.store.getNewExtent(extent);
    }
    const { id, locationId } = extent;
    const path = this.store.generateExtentPath(locationId, id);
    extent.fd ??= await fs.open(path, FLAGS);
    try {
      const { bytesWritten } = await extent.fd.write(bytes);
      if (bytesWritten !== bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    } catch (error) {
      // The next content begins where this one began.
      await extent.fd.truncate(extent.offset);
      throw error;
    }
    extent.offset += bytes.length;
    const size = extent.offset;
    await this.store.metadataStore.updateExtent({ id, locationId, path: id, size, lastModifiedInMS: Date.now() });
  }
}
