import collections from './cookbook/collections.graphql';
import namespaces from './cookbook/namespaces.graphql';
import recentPushes from './cookbook/recent-pushes.graphql';
import growth from './cookbook/growth.graphql';
import largeImages from './cookbook/large-images.graphql';
import cold from './cookbook/cold.graphql';
import pulls from './cookbook/pulls.graphql';
import pullers from './cookbook/pullers.graphql';
import unsignedInUse from './cookbook/unsigned-in-use.graphql';
import labels from './cookbook/labels.graphql';
import untagged from './cookbook/untagged.graphql';
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
  largeImages,
  cold,
  pulls,
  pullers,
  unsignedInUse,
  labels,
  untagged,
  duplicates,
  tags,
  inside,
  changes,
  signers,
  viewer,
  search,
  storage,
];
