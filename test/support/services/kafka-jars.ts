import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './service-chain.ts';

const kafkaVersion = '4.3.0';
const run = promisify(execFile);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flotilla</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.3</version></dependency>
  </dependencies>
</project>
`;

/** The class path of a broker; its jars are fetched once per machine. */
export async function kafkaClassPath(): Promise<string> {
  const folder = join(cacheFolder(), `kafka-${kafkaVersion}`);
  if (!existsSync(folder)) await fetchJars(folder);
  return join(folder, '*');
}

/** Beside their place and then moved there, so that nobody finds half of them; of several at once, one is kept. */
async function fetchJars(folder: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const working = await mkdtemp(join(cacheFolder(), 'fetching-'));
  try {
    await writeFile(join(working, 'pom.xml'), pom);
    const jars = join(working, 'jars');
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`], {
      cwd: working,
      timeout: 300_000,
    });
    await rename(jars, folder).catch(error => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(working, { recursive: true, force: true });
  }
}
