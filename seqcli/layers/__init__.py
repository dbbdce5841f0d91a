"""Parts of networks in torch, and one step of a recurrent layer in numpy: what the rooms' models are made of."""
