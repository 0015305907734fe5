/**
 * What Apache's server is known to do otherwise than promised: its sync is answered by the leader alone, without asking
 * a quorum, so that behind one a deposed leader's client reads old data (ZOOKEEPER-1675). C3 finds that by zxids, the
 * search for an order without them, and the set by what is listed.
 *
 * A follower that is cut off knows it after syncLimit ticks only, by default as long as a session lasts: clients that it
 * answers until then can find themselves expired a moment later (S3).
 */
export const APACHE_BREAKS: readonly string[] = ['C3', 'linearizable', 'set', 'S3'];
