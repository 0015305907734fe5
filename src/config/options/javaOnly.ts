/**
 * Why this file exists: keys that tune threads, queues, buffers and caches of the Java server. Existing files set them,
 * so they are known by name and reported as without effect instead of being called unknown.
 */
import type { Option } from '../option.js';
import { family, ignored } from '../option.js';

const nio = 'There are no selector or worker threads; Node.js has one event loop.';
const pipeline = 'Requests do not pass through a chain of threads.';
const cache = 'Replies are not cached in serialized form.';
const watches = 'Watches are kept in another structure.';
const netty = 'There is no Netty.';
const leader = 'The leader schedules its learners in another way.';
const jvm = 'There is no Java virtual machine to watch.';
const jmx = 'There is no JMX.';
const logging = 'Logging is set with `zabkeeper.logLevel` and `zabkeeper.logFormat`.';

/** Internals of the Java server. */
export const javaOnlyOptions: readonly Option<unknown>[] = [
  ignored('nio.numSelectorThreads', nio),
  ignored('nio.numWorkerThreads', nio),
  ignored('nio.directBufferBytes', nio),
  ignored('nio.shutdownTimeout', nio),
  ignored('commitLogCount', 'How much history is kept for learners follows from the log itself.'),
  ignored('snapshotSizeFactor', 'Whether a learner gets the log or the whole tree is decided otherwise.'),
  ignored('flushDelay', 'Writes are grouped while the disk is busy, without a timer.'),
  ignored('maxWriteQueuePollTime', 'Writes are grouped while the disk is busy, without a timer.'),
  ignored('maxBatchSize', 'Writes are grouped while the disk is busy, without a timer.'),
  ignored('maxResponseCacheSize', cache),
  ignored('maxGetChildrenResponseCacheSize', cache),
  ignored('watchManagerName', watches),
  ignored('watcherCleanThreshold', watches),
  ignored('watcherCleanIntervalInSeconds', watches),
  ignored('watcherCleanThreadsNum', watches),
  ignored('maxInProcessingDeadWatchers', watches),
  ignored('bitHashCacheSize', watches),
  ignored('intBufferStartingSizeBytes', 'Buffers grow as needed.'),
  ignored('leader.nodelay', 'Peer connections never use the Nagle algorithm.', { scope: 'jvm' }),
  ignored('follower.nodelay', 'Peer connections never use the Nagle algorithm.', { scope: 'jvm' }),
  ignored('leader.closeSocketAsync', 'Sockets always close without blocking.', {
    aliases: ['leader.closeSocketAsync'],
  }),
  ignored('learner.closeSocketAsync', 'Sockets always close without blocking.', {
    aliases: ['learner.closeSocketAsync'],
  }),
  ignored('learner.asyncSending', 'Sending never blocks.', { aliases: ['learner.asyncSending'] }),
  ignored('leader.maxConcurrentSnapSyncs', leader),
  ignored('leader.maxConcurrentDiffSyncs', leader),
  ignored('leader.ackLoggingFrequency', leader),
  ignored('leaderConnectDelayDuringRetryMs', leader),
  ignored('follower.skipLearnerRequestToNextProcessor', pipeline),
  ignored('forward_learner_requests_to_commit_processor_disabled', pipeline),
  ignored('forceSnapshotSync', leader),
  ignored('observerMaster.sizeLimit', leader),
  ignored('request_stale_connection_check', pipeline),
  ignored('request_stale_latency_check', pipeline),
  ignored('request_throttler.shutdownTimeout', pipeline),
  ignored('audit.impl.class', 'A Java class cannot be loaded.'),
  ignored('jvm.pause.monitor', jvm, { scope: 'file' }),
  ignored('jvm.pause.info-threshold.ms', jvm, { scope: 'file' }),
  ignored('jvm.pause.warn-threshold.ms', jvm, { scope: 'file' }),
  ignored('jvm.pause.sleep.time.ms', jvm, { scope: 'file' }),
  ignored('quorum.cnxn.threads.size', 'Connections between members need no threads.', { scope: 'file' }),
  ignored('controllerPort', 'A test hook of the Java server.'),
  ignored('root.logger', logging, { quiet: true }),
  ignored('console.threshold', logging, { quiet: true }),
];

/** Families of such keys. */
export const javaOnlyFamilies = [
  family('commitProcessor.<name>', { status: 'javaOnly', type: 'any', doc: pipeline }),
  family('netty.<name>', { status: 'javaOnly', type: 'any', doc: netty }),
  family('messageTracker.<name>', {
    status: 'javaOnly',
    type: 'any',
    doc: 'A debugging aid of the Java server.',
  }),
  family('pathStats.<name>', { status: 'javaOnly', type: 'any', doc: 'A debugging aid of the Java server.' }),
  family('jmx.<name>', { status: 'javaOnly', type: 'any', doc: jmx }),
  family('log.<name>', { status: 'javaOnly', type: 'any', doc: logging }),
  family('tracelog.<name>', { status: 'javaOnly', type: 'any', doc: logging }),
];
