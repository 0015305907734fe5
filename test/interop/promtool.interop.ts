/** Why this file exists: Prometheus itself reads what /metrics says, and judges the rules of conf/monitoring. */
import { assert } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { startServer } from '../../src/index.js';
import { packageVersion, PROJECT_ROOT, requireFiles, tools } from './tools.js';

const LIMIT_MS = 30_000;
const MONITORING = path.join(PROJECT_ROOT, 'conf', 'monitoring');
/** It could be read, and there are recommendations: about names that are ZooKeeper's. */
const LINT = 3;

function promtool(
  args: readonly string[],
  input = '',
): { readonly code: number | null; readonly said: string } {
  requireFiles(tools.promtool);
  const { status, stdout, stderr } = spawnSync(tools.promtool, args, {
    input,
    encoding: 'utf8',
    timeout: LIMIT_MS,
  });
  return { code: status, said: stdout + stderr };
}

/** Series of three servers, of which server 3 stops after five minutes and the leader after twenty. */
const RULE_TEST = `
rule_files: [${path.join(MONITORING, 'alerts.yml')}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'server_state{job="zabkeeper", instance="zk1", state="leader"}'
        values: '1x20 stale'
      - series: 'quorum_size{job="zabkeeper", instance="zk1"}'
        values: '3x20 stale'
      - series: 'synced_followers{job="zabkeeper", instance="zk1"}'
        values: '2x5 1x14 stale'
      - series: 'synced_non_voting_followers{job="zabkeeper", instance="zk1"}'
        values: '0x20 stale'
    alert_rule_test:
      - { eval_time: 4m, alertname: ZabkeeperOneFailureFromNoQuorum, exp_alerts: [] }
      - eval_time: 15m
        alertname: ZabkeeperOneFailureFromNoQuorum
        exp_alerts:
          - exp_labels: { severity: critical, job: zabkeeper, instance: zk1 }
            exp_annotations: { summary: 'One more failure, and there is no quorum.' }
      - { eval_time: 15m, alertname: ZabkeeperNoLeader, exp_alerts: [] }
      - eval_time: 25m
        alertname: ZabkeeperNoLeader
        exp_alerts:
          - exp_labels: { severity: critical, job: zabkeeper }
            exp_annotations: { summary: 'No server leads: nobody can write.' }
`;

describe(`promtool (Debian's prometheus ${packageVersion('prometheus')})`, () => {
  it('reads /metrics', async () => {
    await using server = await startServer({
      properties: {
        'metricsProvider.className': 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
        'metricsProvider.httpHost': '127.0.0.1',
        'metricsProvider.httpPort': '0',
      },
    });
    const response = await fetch(`http://127.0.0.1:${String(server.metricsPort)}/metrics`);
    const text = await response.text();
    const { code, said } = promtool(['check', 'metrics'], text);
    assert.include([0, LINT], code, said);
    // The same with a line that is wrong: so the answer above means something.
    assert.equal(promtool(['check', 'metrics'], `${text}this is wrong\n`).code, 1);
  });

  for (const [kind, file] of [
    ['rules', 'alerts.yml'],
    ['config', 'prometheus.yml'],
  ] as const) {
    it(`accepts conf/monitoring/${file}`, () => {
      const { code, said } = promtool(['check', kind, path.join(MONITORING, file)]);
      assert.equal(code, 0, said);
    });
  }

  it('fires the alerts about a lost quorum when they should, and not before', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'promtool-'));
    try {
      const file = path.join(directory, 'alerts.test.yml');
      writeFileSync(file, RULE_TEST);
      const { code, said } = promtool(['test', 'rules', file]);
      assert.equal(code, 0, said);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
