/** Why this file exists: /metrics says what mntr says, in a form that Prometheus can read, and stays of bounded size. */
import { expect } from 'chai';
import { Exposition } from '../../../src/admin/exposition.js';
import { answer, fourLetterWord, metricNames } from '../../../src/ops/index.js';
import { BOUNDS_MS, WRITE_STAGES, type SessionLoad, type Status } from '../../../src/server/index.js';
import { sessionIdOf } from '../../../src/types/index.js';
import { placeOf, readPrometheus, sampleOf, type ReadFamily } from '../../helpers/prometheus.js';
import { exampleConfig, exampleMember, exampleStatus } from '../ops/exampleStatus.js';

async function scrape(status: Status, withProcess = false): Promise<ReadonlyMap<string, ReadFamily>> {
  return readPrometheus(await new Exposition(status, withProcess).text());
}

async function mntr(status: Status): Promise<ReadonlyMap<string, string>> {
  const word = fourLetterWord(Buffer.from('mntr').readInt32BE(0));
  if (word === undefined) throw new Error('mntr is missing');
  const text = await answer(word, status, Buffer.alloc(0));
  const lines = text.trimEnd().split('\n');
  return new Map(lines.map((line) => [line.replace(/^zk_(.*)\t.*$/, '$1'), line.replace(/^.*\t/, '')]));
}

/** As mntr prints: whole, or rounded to four digits. */
function isRounded(printed: string, value: number): boolean {
  const [, fraction = ''] = printed.split('.');
  return Math.abs(Number(printed) - value) <= (fraction === '' ? 0.5 : 0.00005) + 1e-9;
}

describe('/metrics', () => {
  const servers: Readonly<Record<string, Status>> = {
    'a server alone': exampleStatus(),
    'a leader': exampleMember('leader'),
    'a follower': exampleMember('follower'),
    'an observer': exampleMember('observer'),
  };

  for (const [name, status] of Object.entries(servers)) {
    it(`has every number of mntr under its name, of ${name}`, async () => {
      const found = await scrape(status);
      const numbers = [...(await mntr(status))].filter(
        ([key]) => !/^(version|server_state|peer_state)$/.test(key),
      );
      expect(numbers.length).to.be.greaterThan(80);
      for (const [key, printed] of numbers) {
        // Of this process, and no two moments are alike.
        if (key.endsWith('file_descriptor_count')) continue;
        const place = placeOf(key);
        // Without an event of late mntr says 0, and /metrics nothing.
        const value = sampleOf(found, place.name, place.labels) ?? (/^p\d+_/.test(key) ? 0 : undefined);
        expect(value, `${key} at ${JSON.stringify(place)}`).not.to.equal(undefined);
        expect(isRounded(printed, value ?? NaN), `${key}: ${printed} and ${String(value)}`).to.equal(true);
      }
    });

    it(`has no other names than those that are known, of ${name}`, async () => {
      const names = new Set(
        [...(await scrape(status)).values()].flatMap(({ samples }) => samples.map((each) => each.name)),
      );
      expect([...names].filter((each) => !metricNames().has(each))).to.deep.equal([]);
    });
  }

  it('says who it is and what it is', async () => {
    const found = await scrape(exampleMember('leader'));
    expect(sampleOf(found, 'server_state', { state: 'leader' })).to.equal(1);
    expect(found.get('zabkeeper_info')?.samples[0]?.labels['version']).to.match(
      /^3\.9\.5-zabkeeper-0\.1\.0, built on /,
    );
  });

  it('is there while the server does not serve', async () => {
    const found = await scrape(exampleMember('follower', { serving: false }));
    expect(sampleOf(found, 'serving')).to.equal(0);
    expect(sampleOf(found, 'server_state', { state: 'none' })).to.equal(1);
  });

  it('has a histogram for each stage of a write, with rising buckets up to its count', async () => {
    const found = await scrape(exampleStatus());
    const histogram = found.get('write_stage_time_ms');
    expect(histogram?.type).to.equal('histogram');
    for (const stage of WRITE_STAGES) {
      const buckets = histogram?.samples.filter(
        ({ name, labels }) => name === 'write_stage_time_ms_bucket' && labels['stage'] === stage,
      );
      const bounds = buckets?.map(({ labels }) => labels['le']);
      expect(bounds).to.deep.equal([...BOUNDS_MS.map(String), '+Inf']);
      const values = buckets?.map(({ value }) => value) ?? [];
      expect(values).to.deep.equal(values.toSorted((a, b) => a - b));
      expect(values.at(-1)).to.equal(sampleOf(found, 'write_stage_time_ms_count', { stage }));
    }
    expect(sampleOf(found, 'write_stage_time_ms_bucket', { stage: 'fsync', le: '1' })).to.equal(1);
    expect(sampleOf(found, 'write_stage_time_ms_bucket', { stage: 'fsync', le: '2' })).to.equal(2);
  });

  it('names the sessions and identities with most watches and ephemerals, and no more than it was told to', async () => {
    const loads: SessionLoad[] = Array.from({ length: 1000 }, (_, at) => ({
      sessionId: sessionIdOf(BigInt(at + 1)),
      identity: `digest:user"${at % 100}\n`,
      watches: at,
      ephemerals: 0,
    }));
    const config = exampleConfig({ 'zabkeeper.metricsTop': '3' });
    const found = await scrape(exampleStatus({ config, loads: () => loads }));
    const samples = (name: string): [string | undefined, number][] | undefined =>
      found.get(name)?.samples.map(({ labels, value }) => [labels['session'] ?? labels['identity'], value]);
    expect(samples('session_watch_count')).to.deep.equal([
      ['0x3e8', 999],
      ['0x3e7', 998],
      ['0x3e6', 997],
    ]);
    expect(samples('identity_watch_count')).to.deep.equal([
      ['digest:user"99\n', 5490],
      ['digest:user"98\n', 5480],
      ['digest:user"97\n', 5470],
    ]);
    expect(found.has('session_ephemerals_count')).to.equal(false);
    const none = await scrape(exampleStatus({ config: exampleConfig({ 'zabkeeper.metricsTop': '0' }) }));
    expect(none.has('session_watch_count')).to.equal(false);
  });

  it('has the numbers of the process where they are wanted', async () => {
    const found = await scrape(exampleStatus(), true);
    expect(sampleOf(found, 'process_resident_memory_bytes')).to.be.greaterThan(10_000_000);
    expect((await scrape(exampleStatus())).has('process_resident_memory_bytes')).to.equal(false);
  });
});
