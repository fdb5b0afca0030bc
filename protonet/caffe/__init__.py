"""pycaffe's names on protonet's objects: scripts written for `import caffe` run with `import protonet as caffe`."""
