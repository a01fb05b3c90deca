/** Where a leg finds its documents and may write. The directory is fresh for every run. */
export interface LegFiles {
  documentsFile: string;
  answersFile: string;
  directory: string;
}

/** One contender: a Node program that turns a documents file into an answers file and exits. */
export interface Leg {
  name: string;
  entry: string;
  /** What `entry` is called with. It may write what the contender needs into the directory first. */
  prepare(files: LegFiles): Promise<string[]>;
}
