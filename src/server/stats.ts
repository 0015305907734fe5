/** Counts what the server does, for operators. Times are of the host's monotonic clock, in ms. */
import { Distribution } from './distribution.js';

/** Smallest, largest and mean of what was noted. */
export class Summary {
  #count = 0;
  #sum = 0;
  #min = 0;
  #max = 0;

  note(value: number): void {
    this.#min = this.#count === 0 ? value : Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    this.#count++;
    this.#sum += value;
  }

  reset(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#min = 0;
    this.#max = 0;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /** 0 before anything was noted. */
  get avg(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }
}

export class ServerStats {
  readonly latency = new Summary();
  /** The same times, of requests that read and that write. */
  readonly readLatency = new Distribution();
  readonly updateLatency = new Distribution();
  readonly fsync = new Summary();
  packetsReceived = 0;
  packetsSent = 0;
  bytesReceived = 0;
  /** In replies. */
  bytesSent = 0;
  connectRequests = 0;
  sessionsExpired = 0;
  /** Writes of the log above `fsync.warningthresholdms`. */
  slowFsyncs = 0;
  lastResponseSize = -1;
  minResponseSize = -1;
  maxResponseSize = -1;
  authFailures = 0;
  connectionsRejected = 0;
  requestsMalformed = 0;

  noteResponse(size: number, latency: number, writes: boolean): void {
    this.latency.note(latency);
    (writes ? this.updateLatency : this.readLatency).note(latency);
    this.packetsSent++;
    this.bytesSent += size;
    this.lastResponseSize = size;
    this.maxResponseSize = Math.max(this.maxResponseSize, size);
    this.minResponseSize = this.minResponseSize === -1 ? size : Math.min(this.minResponseSize, size);
  }

  /** See `Distribution`. */
  age(): void {
    this.readLatency.age();
    this.updateLatency.age();
  }

  /** What `srst` forgets. */
  reset(): void {
    this.latency.reset();
    this.readLatency.reset();
    this.updateLatency.reset();
    this.fsync.reset();
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.lastResponseSize = -1;
    this.minResponseSize = -1;
    this.maxResponseSize = -1;
  }
}
