import collections from './cookbook/collections.graphql';
import namespaces from './cookbook/namespaces.graphql';
import recentPushes from './cookbook/recent-pushes.graphql';
import growth from './cookbook/growth.graphql';
import oldImages from './cookbook/old-images.graphql';
import unsignedInUse from './cookbook/unsigned-in-use.graphql';
import duplicates from './cookbook/duplicates.graphql';
import tags from './cookbook/tags.graphql';
import inside from './cookbook/inside.graphql';
import changes from './cookbook/changes.graphql';
import signers from './cookbook/signers.graphql';
import viewer from './cookbook/viewer.graphql';
import search from './cookbook/search.graphql';
import storage from './cookbook/storage.graphql';

/** Questions with their queries, in this order; docs/graphql.md has the same. */
export const cookbook = [
  collections,
  namespaces,
  recentPushes,
  growth,
  oldImages,
  unsignedInUse,
  duplicates,
  tags,
  inside,
  changes,
  signers,
  viewer,
  search,
  storage,
];
