"""forks: which number a field has in the files of a fork, where that is not the number proto/caffe.proto gives it.

LAYERS, fields of LayerParameter: (name, the layer types that mean it, its numbers in files, the first for writing).
No types: it may stand in any layer, and is told by its kind (a varint, where another fork has a message).

INNER, fields of the other messages: (message, name, its numbers, the layer types that mean it, if only some do).

VALUES, enum values: (message, field, the layer types, {value in their files: our value}).

Only numbers seen in a fork's own caffe.proto or in what its authors say of it stand here; so a few names of text
files (mask_resize_param, lstm_param, ...) have none, and keep our private number in binary.
"""

LAYERS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    # BVLC's, where another number is in use
    ("swish_param", "Swish", (147,)),
    ("clip_param", "Clip", (148, 248)),
    # SSD, with OpenCV's and OpenVINO's numbers
    ("annotated_data_param", "AnnotatedData", (200,)),
    ("multibox_loss_param", "MultiBoxLoss", (201,)),
    ("permute_param", "Permute", (202, 148, 154, 224)),
    ("prior_box_param", "PriorBox PriorBoxClustered", (203, 150, 212)),
    ("detection_output_param", "DetectionOutput", (204, 147, 211)),
    ("detection_evaluate_param", "DetectionEvaluate", (205,)),
    ("norm_param", "Normalize NormalizeBBox", (206, 149, 204)),
    ("video_data_param", "VideoData", (207, 140)),
    # Fast R-CNN, R-FCN, MNC, PVANet, OpenPose
    ("roi_pooling_param", "ROIPooling", (8266711, 150, 154, 161, 204, 208)),
    ("smooth_l1_loss_param", "SmoothL1Loss SmoothL1LossOHEM", (8266712, 148, 209, 5148)),
    ("psroi_pooling_param", "PSROIPooling PSROIAlign", (10002, 149, 153, 207, 220)),
    ("box_annotator_ohem_param", "BoxAnnotatorOHEM", (150, 152, 210)),
    ("roi_warping_param", "ROIWarping", (205,)),
    ("roi_align_param", "ROIAlign", (247, 154)),
    ("proposal_param", "Proposal", (201, 212, 219)),
    ("imresize_param", "ImResize", (147,)),
    ("nms_param", "NMS", (214,)),
    ("nms_param", "Nms", (148,)),
    # SegNet, PSPNet, DeepLab
    ("bn_param", "BN", (45, 41, 137, 200, 1137)),
    ("upsample_param", "Upsample", (177, 137, 149, 150, 160)),
    ("interp_param", "Interp", (163, 143, 217, 2143)),
    # YOLO ports
    ("reorg_param", "Reorg", (197, 149, 155, 159)),
    ("region_loss_param", "RegionLoss", (600, 209)),
    ("region_yolo_param", "RegionYolo", (214,)),
    ("reorg_yolo_param", "ReorgYolo", (215,)),
    ("yolo_param", "Yolo", (199,)),
    ("relu6_param", "ReLU6", (216, 211)),
    # faces and losses
    ("center_loss_param", "CenterLoss", (149, 147, 211)),
    ("margin_inner_product_param", "MarginInnerProduct", (151, 232)),
    ("focal_loss_param", "FocalLoss SoftmaxFocalLoss SigmoidFocalLoss", (151, 235)),
    ("normalize_param", "Normalize", (214,)),
    ("flip_param", "Flip", (212,)),
    ("cosine_similarity_batch_param", "CosineSimilarityBatch", (202,)),
    ("rss_loss_param", "RandomSamplingSoftmaxLoss", (203,)),
    ("triplet_loss_param", "TripletLoss", (142, 147)),
    # text and geometry
    ("continuation_indicator_param", "ContinuationIndicator", (200,)),
    ("ctc_loss_param", "CTCLoss", (148,)),
    ("ctc_decoder_param", "CTCDecoder CTCGreedyDecoder", (149,)),
    ("reverse_param", "Reverse", (261, 147, 157)),
    ("st_param", "SpatialTransformer", (150,)),
    ("st_loss_param", "STLoss", (151,)),
    ("power_file_param", "PowerFile", (152,)),
    ("loc_loss_param", "LocLoss", (153,)),
    ("grn_param", "GRN", (213,)),
    ("shuffle_channel_param", "ShuffleChannel", (164, 159, 166, 224)),
    # FlowNet, with OpenVINO's and Netron's numbers
    ("coeff_schedule_param", "DataAugmentation FlowAugmentation GenerateAugmentationParameters", (148, 223, 3148)),
    ("augmentation_param", "DataAugmentation FlowAugmentation GenerateAugmentationParameters", (149, 218, 3149)),
    ("correlation_param", "Correlation Correlation1D", (150, 219, 3150)),
    ("l1_loss_param", "L1Loss", (151, 3151)),
    ("writer_param", "FLOWriter IMGWriter PFMWriter", (152, 3152)),
    ("reader_param", "FLOReader FloatReader IMGReader", (153, 3153)),
    ("mean_param", "Mean", (154, 3154)),
    ("resample_param", "Resample", (155, 220, 3155)),
    ("downsample_param", "Downsample", (156, 3156)),
    ("lpq_loss_param", "LpqLoss", (158, 3158)),
    ("flow_warp_param", "FlowWarp", (159, 221, 3159)),
    ("accum_param", "Accum", (160, 222, 3160)),
    ("black_augmentation_param", "BlackAugmentation", (161, 3161)),
    ("reshape_every_iter", "", (157, 3157)),
    # Intel, NVIDIA
    ("split_param", "Split", (147, 208)),
    ("spatial_dropout_param", "SpatialDropout", (155,)),
    ("forward_type", "", (145,)),
    ("backward_type", "", (146,)),
    ("forward_math", "", (147,)),
    ("backward_math", "", (148,)),
    ("debug", "", (149,)),
    ("cudnn_math_override", "", (150,)),
)

INNER: tuple[tuple[str, str, tuple[int, ...], str], ...] = (
    ("NetParameter", "profile_info", (9,), ""),
    ("NetParameter", "profile_iter", (10,), ""),
    ("FillerParameter", "file", (9,), ""),
    ("TransformationParameter", "use_gpu_transform", (8,), ""),
    ("TransformationParameter", "random_seed", (9,), ""),
    ("TransformationParameter", "img_rand_resize_lower", (10,), ""),
    ("TransformationParameter", "resize_param", (8, 208), ""),
    ("TransformationParameter", "noise_param", (9, 209), ""),
    ("TransformationParameter", "emit_constraint", (10, 210), ""),
    ("TransformationParameter", "crop_h", (11, 211), ""),
    ("TransformationParameter", "crop_w", (12, 212), ""),
    ("TransformationParameter", "distort_param", (13, 213), ""),
    ("TransformationParameter", "expand_param", (14, 214), ""),
    ("TransformationParameter", "rand_resize", (8,), ""),
    ("TransformationParameter", "rand_rotate", (9,), ""),
    ("TransformationParameter", "rand_aspect_ratio", (11,), ""),
    ("TransformationParameter", "label_scalefactor", (12,), ""),
    ("TransformationParameter", "label_offset", (13,), ""),
    ("TransformationParameter", "rotate90n", (14,), ""),
    ("TransformationParameter", "aspect_min", (14,), ""),
    ("TransformationParameter", "aspect_max", (15,), ""),
    ("BatchNormParameter", "engine", (4, 15), ""),
    ("BatchNormParameter", "scale_filler", (5,), ""),
    ("BatchNormParameter", "scale_bias", (7,), ""),
    ("BatchNormParameter", "bias_filler", (8, 6), ""),
    ("BNParameter", "var_eps", (3,), ""),
    ("BNParameter", "eps", (4, 8), ""),
    ("BNParameter", "moving_average", (4,), ""),
    ("BNParameter", "decay", (5,), ""),
    ("BNParameter", "frozen", (5, 9), ""),
    ("BNParameter", "engine", (6, 12), ""),
    ("BNParameter", "momentum", (9, 7), ""),
    ("ConvolutionParameter", "conv_algos_override", (20,), ""),
    ("ConvolutionParameter", "dis_mode", (20,), ""),
    ("ConvolutionParameter", "gen_mode", (21,), ""),
    ("DropoutParameter", "scale_train", (2, 3), ""),
    ("ConcatParameter", "input_scale", (3,), ""),
    ("DetectionOutputParameter", "objectness_score", (16, 24), ""),
    ("EltwiseParameter", "output_scale", (15, 4), ""),
    ("InterpParameter", "interp_type", (7,), ""),
    ("NMSParameter", "threshold", (1,), "Nms"),
    ("NMSParameter", "num_peak", (2,), "Nms"),
    ("NMSParameter", "max_peaks", (3,), "Nms"),
    ("NMSParameter", "num_parts", (4,), "Nms"),
    ("PriorBoxParameter", "faceboxes", (14,), ""),
    ("PriorBoxParameter", "tf", (17,), ""),
    ("PriorBoxParameter", "yx_order", (18,), ""),
    ("ProposalParameter", "anchor_ratio", (4,), ""),
    ("ProposalParameter", "max_rois", (5,), ""),
    ("ProposalParameter", "rpn_min_size", (7,), ""),
    ("ReLU6Parameter", "negative_slope", (1,), ""),
    ("ROIPoolingParameter", "spatial_scale_h", (4,), ""),
    ("ROIPoolingParameter", "spatial_scale_w", (5,), ""),
    ("VideoDataParameter", "source", (1,), ""),
)

VALUES: tuple[tuple[str, str, str, dict[int, str]], ...] = (
    ("LossParameter", "normalization", "SmoothL1LossOHEM SoftmaxWithLossOHEM", {3: "PRE_FIXED", 4: "NONE"}),
)
