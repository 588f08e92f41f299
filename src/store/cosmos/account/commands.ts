import { CONTAINERS } from './containers.js';

/**
 * What does by hand, with Azure's own command line, what set-up does: for those who may use no key
 * that creates containers.
 */
export function azureCommands(database: string, throughput: number | null): string {
  const where = '--account-name "$ACCOUNT" --resource-group "$GROUP"';
  const ru = throughput === null ? '' : ` --throughput ${throughput}`;
  const quoted = `'${database.replaceAll("'", `'\\''`)}'`;
  const containers = CONTAINERS.flatMap(({ id, partitionKey, defaultTtl, indexingPolicy }) => [
    '',
    `cat > ${id}-policy.json <<'END'`,
    JSON.stringify(indexingPolicy, null, 2),
    'END',
    `az cosmosdb sql container create ${where} --database-name ${quoted} \\`,
    `  --name ${id} --partition-key-path ${partitionKey} --partition-key-version 2 \\`,
    `  --ttl=${defaultTtl} --idx @${id}-policy.json`,
  ]);
  return [
    'ACCOUNT=…  # name of the account',
    'GROUP=…    # its resource group',
    `az cosmosdb sql database create ${where} --name ${quoted}${ru}`,
    ...containers,
    '',
  ].join('\n');
}
