"""Every picture; drawing needs matplotlib and is imported only when a picture is asked for."""
