"""Section 6.1: image classification.

========== ======= =============================================================================
module     section what is in it
========== ======= =============================================================================
squeezenet 6.1.2   SqueezeNet, pretrained on ImageNet, of this package's layers; pictures for it
boxes      6.1     the overlap of boxes, and the losses `IoULoss` and `GIoULoss`
========== ======= =============================================================================
"""
