"""The science of VAE Classroom: models, objectives and images, free of any user interface."""
