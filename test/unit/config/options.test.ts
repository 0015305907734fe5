/**
 * Why this file exists: the option table is what parser, warnings and documentation rely on, so it must be consistent.
 */
import { expect } from 'chai';
import { allOptions, optionByKey, optionByProperty, optionGroups } from '../../../src/config/index.js';

describe('the option table', () => {
  it('has every key and every system property once', () => {
    const options = optionGroups.flatMap((group) => group.options);
    const keys = options.map(({ key }) => key);
    const properties = options.flatMap(({ property, aliases }) => [property, ...aliases]);
    expect(keys).to.deep.equal([...new Set(keys)]);
    expect(properties).to.deep.equal([...new Set(properties)]);
    expect(allOptions).to.have.lengthOf(keys.length);
  });

  for (const option of allOptions) {
    it(`${option.key} says in full sentences what it does`, () => {
      expect(option.doc).to.match(/^[A-Z`-].*\.$/s);
      expect(option.doc).to.not.include('|', 'the documentation is a table');
    });
  }

  const properties: [key: string, property: string][] = [
    ['snapCount', 'zookeeper.snapCount'],
    ['4lw.commands.whitelist', 'zookeeper.4lw.commands.whitelist'],
    ['jute.maxbuffer', 'jute.maxbuffer'],
    ['jute.maxbuffer.extrasize', 'zookeeper.jute.maxbuffer.extrasize'],
    ['readonlymode.enabled', 'readonlymode.enabled'],
    ['znode.container.checkIntervalMs', 'znode.container.checkIntervalMs'],
    ['leader.nodelay', 'leader.nodelay'],
    ['java.security.auth.login.config', 'java.security.auth.login.config'],
    ['syncEnabled', 'zookeeper.observer.syncEnabled'],
    ['fsync.warningthresholdms', 'zookeeper.fsync.warningthresholdms'],
    ['zabkeeper.logLevel', 'zabkeeper.logLevel'],
  ];
  for (const [key, property] of properties) {
    it(`${key} is the system property ${property}`, () => {
      expect(optionByKey(key)?.property).to.equal(property);
      expect(optionByProperty(property)?.key).to.equal(key);
    });
  }

  it('keeps passwords secret', () => {
    const secrets = allOptions.filter(({ secret }) => secret).map(({ key }) => key);
    expect(secrets).to.deep.equal(
      allOptions.map(({ key }) => key).filter((key) => /password$|superDigest$|superPassword$/i.test(key)),
    );
  });
});
