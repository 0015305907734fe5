/**
 * A server's storage in a process of its own, so that a test can kill it. Takes commands from its arguments and
 * writes what was reported to it, line by line and before anything else happens, to its standard output.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Epochs, LogBatch, LogMark } from '../../../src/engine/ports.js';
import { type StorageOptions, type Synchronisation } from '../../../src/storage/index.js';
import { openDisk } from '../../../src/storage/open.js';
import { batchAfter, markOfIndex, Model, snapshotOf, stageAll } from './support.js';

/** What the process is told to do. */
export type Command =
  | { do: 'append'; batches: number; records: number }
  /** Each on the main thread, as soon as nothing else is under way. */
  | { do: 'appendNow'; batches: number; records: number }
  /** Hands over the tree as of what is durable. */
  | { do: 'flush' }
  /** acceptedEpoch by one, currentEpoch to one less. */
  | { do: 'raiseEpochs' }
  /** Until all that was appended is durable. */
  | { do: 'await' }
  /** Until all flushes are in the database. */
  | { do: 'awaitTree' }
  /** So many times: drops the last ten records, appends twenty, raises both epochs. */
  | { do: 'resynchronise'; rounds: number }
  /** So many times: installs the server's own snapshot, with as many records behind it as the epoch's last digit. */
  | { do: 'reinstall'; rounds: number }
  | { do: 'sleep'; ms: number }
  /** SIGKILL, with whatever is in flight. */
  | { do: 'kill' }
  | { do: 'close' };

/** What it reports. */
export type Report =
  | { is: 'durable'; index: number }
  | { is: 'epochs'; epochs: Epochs }
  | { is: 'appended'; index: number }
  | { is: 'failed'; kind: string; message: string };

/** Its only argument, as JSON. */
export interface ChildTask {
  options: StorageOptions;
  commands: Command[];
}

function report(line: Report): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

async function run({ options, commands }: ChildTask): Promise<void> {
  const storage = await openDisk(options);
  // A restart continues with the tree as it is: only differences to it are flushed.
  const model = Model.at(storage.treeMark.index);
  let appended = storage.tail;
  let epoch = storage.epochs.acceptedEpoch;
  const marks = new Map<number, LogMark>([[appended.index, appended]]);
  storage.start({
    durable: ({ index }) => report({ is: 'durable', index }),
    epochsDurable: (epochs) => report({ is: 'epochs', epochs }),
    failed: ({ kind, message }) => {
      report({ is: 'failed', kind, message });
      process.exit(1);
    },
  });
  storage.limitQuickCommits(Infinity);
  const synchronise = async (op: Synchronisation): Promise<void> => {
    epoch += 1;
    await storage.synchronise({ ...op, epochs: { acceptedEpoch: epoch, currentEpoch: epoch } });
    appended = storage.tail;
    report({ is: 'epochs', epochs: storage.epochs });
  };
  const next = (records: number): LogBatch => {
    const batch = batchAfter(appended, records);
    appended = batch.last;
    marks.set(appended.index, appended);
    report({ is: 'appended', index: appended.index });
    return batch;
  };
  for (const command of commands) {
    switch (command.do) {
      case 'append':
        for (let i = 0; i < command.batches; i++) {
          const batch = next(command.records);
          storage.append(batch);
        }
        break;
      case 'appendNow':
        for (let i = 0; i < command.batches; i++) {
          const batch = next(command.records);
          while (storage.tail.index < appended.index - command.records) await sleep(1);
          if (storage.appendNow([batch]) === undefined) storage.append(batch);
          else report({ is: 'durable', index: appended.index });
        }
        break;
      case 'flush': {
        const mark = marks.get(storage.tail.index);
        if (mark !== undefined) storage.flush(model.flushTo(mark));
        break;
      }
      case 'raiseEpochs':
        storage.saveEpochs({ acceptedEpoch: epoch + 1, currentEpoch: epoch });
        epoch += 1;
        break;
      case 'await':
        while (storage.tail.index < appended.index) await sleep(1);
        break;
      case 'awaitTree':
        while (storage.flushBacklogBytes > 0) await sleep(10);
        break;
      case 'resynchronise':
        for (let i = 0; i < command.rounds; i++) {
          const truncate = markOfIndex(appended.index - 10);
          const batch = batchAfter(truncate, 20);
          await synchronise({ truncate, batches: [batch] });
        }
        break;
      case 'reinstall': {
        const { base, parts } = await snapshotOf(storage);
        for (let i = 0; i < command.rounds; i++) {
          await stageAll(storage, base, parts);
          const records = (epoch + 1) % 10;
          await synchronise({ install: base, batches: records === 0 ? [] : [batchAfter(base, records)] });
        }
        break;
      }
      case 'sleep':
        await sleep(command.ms);
        break;
      case 'kill':
        process.kill(process.pid, 'SIGKILL');
        await sleep(60_000);
        break;
      case 'close':
        await storage.close();
        break;
    }
  }
}

await run(JSON.parse(process.argv[2] ?? '') as ChildTask);
