/** The organisation behind every key. Constant: what a log has pinned must not change with a seed or a restart. */
export const organizationId = '5157a1ed-0000-4000-8000-000000000001';

const defaultWorkspace = 'default';

/** The workspace's id in reply headers. */
export function workspaceId(workspace: string): string {
  return `wrkspc_${workspace}`;
}

/** `sk-ant-<workspace>-…`; keys in the provider's own form (`sk-ant-api03-…`) belong to the default workspace. */
export function workspaceOfKey(key: string): string | null {
  if (!key.startsWith('sk-ant-')) return null;
  const name = /^sk-ant-([A-Za-z0-9_]+)-./.exec(key)?.[1];
  return name === undefined || /^api\d+$/.test(name) ? defaultWorkspace : name;
}
