import viewer from './examples/viewer.graphql';
import collections from './examples/collections.graphql';
import container from './examples/container.graphql';
import createCollection from './examples/create-collection.graphql';

/** The tabs of a first visit, in this order; later visits find their own tabs again. */
export const examples = [viewer, collections, container, createCollection].map((query) => ({ query }));
